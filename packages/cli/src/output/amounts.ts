const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** An amount of bytes for people, for example `12.3 MB`. */
export function bytes(amount: number): string {
  const power = amount < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(amount) / 3));
  const value = amount / 1000 ** power;
  return `${value.toLocaleString('en', { maximumFractionDigits: value < 100 && power > 0 ? 1 : 0 })} ${UNITS[power]}`;
}

/** A whole number for people, for example `12,345`. */
export function count(amount: number): string {
  return Math.round(amount).toLocaleString('en');
}

/** A time for people, for example `240 µs`, `1.5 ms` or `2.1 s`. */
export function seconds(amount: number): string {
  if (amount < 0.001) return `${Math.round(amount * 1e6)} µs`;
  if (amount < 1) return `${(amount * 1000).toLocaleString('en', { maximumSignificantDigits: 3 })} ms`;
  return `${amount.toLocaleString('en', { maximumSignificantDigits: 3 })} s`;
}

/** A long time for people, for example `2 h 5 min`. */
export function duration(secondsPassed: number): string {
  const minutes = Math.floor(secondsPassed / 60);
  if (minutes < 1) return `${Math.floor(secondsPassed)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
