import { constants } from 'node:fs';
import { mkdir, open, rmdir } from 'node:fs/promises';

/**
 * The file operations that attestation interfaces of kernel and Gramine need. They behave unlike
 * files of a disk (a write takes effect as a whole, reading makes the content, a folder is removed
 * with its files in it), so tests bring operations of their own that behave like the kernel's.
 * All fail with the error code of the system call.
 */
export interface KernelFiles {
  makeFolder(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  /** Writes to an existing file in one system call. */
  write(path: string, content: Uint8Array): Promise<void>;
  /** Reads a file to its end. @throws RangeError beyond `limit` bytes */
  read(path: string, limit: number): Promise<Uint8Array>;
}

/** The operations of the running system. */
export const systemFiles: KernelFiles = {
  makeFolder: async (path) => {
    await mkdir(path);
  },
  removeFolder: rmdir,
  async write(path, content) {
    // Not O_TRUNC, not O_CREAT: pseudo-files know neither.
    const file = await open(path, constants.O_WRONLY);
    try {
      const { bytesWritten } = await file.write(content);
      if (bytesWritten !== content.length)
        throw new RangeError(`wrote ${bytesWritten} of ${content.length} bytes`);
    } finally {
      await file.close();
    }
  },
  async read(path, limit) {
    const file = await open(path, constants.O_RDONLY);
    try {
      // Pseudo-files tell no size: read on until the end.
      const buffer = new Uint8Array(limit + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
        length += bytesRead;
        if (length > limit) throw new RangeError(`longer than ${limit} bytes`);
        if (bytesRead === 0) return buffer.slice(0, length);
      }
    } finally {
      await file.close();
    }
  },
};
