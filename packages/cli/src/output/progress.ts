import type { Progress } from '@enigma-worker/core/tools';

/** Runs long work with a bar on standard error, when that is a terminal. */
export async function withProgress<T>(label: string, work: (progress?: Progress) => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return await work();
  const { SingleBar, Presets } = (await import('cli-progress')).default;
  let bar: InstanceType<typeof SingleBar> | undefined;
  const progress: Progress = (done, total) => {
    if (bar === undefined) {
      const amount = total === undefined ? '{value}' : '{bar} {percentage}%  {value} of {total}';
      bar = new SingleBar(
        { format: `${label}  ${amount}`, stream: process.stderr, hideCursor: true, clearOnComplete: true },
        Presets.shades_classic,
      );
      bar.start(total ?? done, done);
    }
    bar.setTotal(total ?? done);
    bar.update(done);
  };
  try {
    return await work(progress);
  } finally {
    bar?.stop();
  }
}
