interface Entry {
  readonly function: string;
  readonly usedGas: string;
}

/**
 * A table of the gas that each function used: calls, least, mean, most.
 * @param report lines of JSON as a test worker writes them
 */
export function gasTable(report: string): string {
  const uses = new Map<string, bigint[]>();
  for (const line of report.split('\n')) {
    if (line === '') continue;
    const entry = JSON.parse(line) as Entry;
    const gas = uses.get(entry.function) ?? [];
    gas.push(BigInt(entry.usedGas));
    uses.set(entry.function, gas);
  }
  if (uses.size === 0) return '';
  const rows = [...uses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, gas]) => row(name, gas));
  const header = ['function', 'calls', 'least', 'mean', 'most'];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`;
  return [line(header), ...rows.map(line)].join('\n');
}

function row(name: string, gas: readonly bigint[]): readonly string[] {
  const [first = 0n] = gas;
  const least = gas.reduce((a, b) => (a < b ? a : b), first);
  const most = gas.reduce((a, b) => (a > b ? a : b), first);
  const mean = gas.reduce((total, each) => total + each, 0n) / BigInt(gas.length);
  return [name, String(gas.length), ...[least, mean, most].map((figure) => figure.toLocaleString('en'))];
}
