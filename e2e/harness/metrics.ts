/** What `/metrics` says at one moment. */
export class Figures {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** @param httpUrl of a worker or a principal */
  static async of(httpUrl: string | undefined): Promise<Figures> {
    const reply = await fetch(`${httpUrl}/metrics`);
    if (!reply.ok) throw new Error(`/metrics answers ${reply.status}`);
    return new Figures(await reply.text());
  }

  /** The value of one series, written as Prometheus does, for example `up{job="core"}`. @throws when there is none */
  value(series: string): number {
    const line = this.text.split('\n').find((each) => each.startsWith(`${series} `));
    if (line === undefined) throw new Error(`/metrics has no ${series}`);
    return Number(line.slice(series.length + 1));
  }

  /** The sum of all series of a name. */
  sum(name: string): number {
    const lines = this.text
      .split('\n')
      .filter((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `));
    return lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Every name that a query may use: of a histogram its parts. */
  names(): Set<string> {
    const types = Array.from(this.text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [
      name!,
      type!,
    ]);
    return new Set(
      types.flatMap(([name, type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!],
      ),
    );
  }
}
