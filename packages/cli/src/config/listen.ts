import { z } from 'zod';

/** Where an HTTP server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[v6]:port` or a bare port on 127.0.0.1. */
export function listenAddress() {
  return z.coerce.string().transform((text, context): ListenAddress => {
    const match = /^(?:(\[[^\]]+\]|[^:]+):)?(\d{1,5})$/.exec(text);
    const port = Number(match?.[2]);
    if (match === null || port > 65_535) {
      context.addIssue({ code: 'custom', message: 'expected host:port, for example 127.0.0.1:3040' });
      return z.NEVER;
    }
    return { host: (match[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port };
  });
}
