/** Takes lines of a log: fields that can be written as JSON, and a text. Such as a logger of pino. */
export type GatewayLog = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>
>;

const nothing = (): void => undefined;

/** Takes every line and keeps none. */
export const silentLog: GatewayLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
