import { AttestationError, type AttestationErrorCode } from './provider.js';

const CODE_OF: Readonly<Record<string, AttestationErrorCode>> = {
  ENOENT: 'PROVIDER_MISSING',
  ENXIO: 'PROVIDER_MISSING',
  ENODEV: 'PROVIDER_MISSING',
  ENOTDIR: 'PROVIDER_MISSING',
  EACCES: 'PERMISSIONS',
  EPERM: 'PERMISSIONS',
  EROFS: 'PERMISSIONS',
  EBUSY: 'BUSY',
  EAGAIN: 'BUSY',
  EINTR: 'BUSY',
  ETIMEDOUT: 'TIMEOUT',
  EFBIG: 'OVERSIZE',
  ENOSPC: 'OVERSIZE',
};

/** The error of a file operation in our own terms; one that is so already stays as it is. */
export function attestationError(action: string, error: unknown): AttestationError {
  if (error instanceof AttestationError) return error;
  const errno = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const code = error instanceof RangeError ? 'OVERSIZE' : (CODE_OF[errno ?? ''] ?? 'IO');
  const reason = errno ?? (error instanceof Error ? error.message : String(error));
  return new AttestationError(code, `attestation: cannot ${action} (${reason})`, { cause: error });
}

/**
 * The result of `work`, or a `TIMEOUT` after that many milliseconds. The work itself cannot be
 * stopped: its late result is dropped.
 */
export async function within<T>(milliseconds: number, action: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AttestationError('TIMEOUT', `attestation: gave up to ${action} after ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
