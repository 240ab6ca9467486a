import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { settingsFrom } from '../config/from-command.js';
import { listenAddress, type ListenAddress } from '../config/listen.js';
import { addFlags, integer } from '../config/settings.js';
import { CommandError } from '../errors.js';
import { style, toJson } from '../output/style.js';
import { type Figures, figuresOf, type Observation } from '../status/figures.js';
import { observe } from '../status/observe.js';
import { screen } from '../status/screen.js';
import { untilStopped } from '../until-stopped.js';

/** Settings of `enigma status`. */
export const statusSettings = {
  http: {
    value: 'host:port',
    description: "the core's own --http (default: 127.0.0.1:9464)",
    schema: listenAddress().prefault('127.0.0.1:9464'),
  },
  interval: {
    value: 'ms',
    description: 'over what time rates are taken, and how often the view is renewed (default: 1000)',
    schema: integer(50, 3_600_000).default(1000),
  },
} as const;

interface Options {
  readonly once?: boolean;
  readonly json?: boolean;
}

/** `enigma status`. */
export function statusCommand(): Command {
  const command = new Command('status')
    .description('watch a core at work: rate, latency, queues, contracts, memory')
    .option('--once', 'print once, instead of a view that is renewed; the default where there is no terminal')
    .option('--json', 'print JSON: one object, or without --once one a line')
    .action(async ({ once, json }: Options) => {
      const { http, interval } = await settingsFrom(command, 'core', statusSettings);
      const url = urlOf(http);
      if (once === true || (json !== true && !process.stdout.isTTY)) {
        const figures = await between(await observe(url), url, interval);
        console.log(json === true ? toJson(figures) : screen(url, figures));
      } else if (json === true) {
        await watch(url, interval, (figures) => console.log(JSON.stringify(figures)));
      } else {
        await paint(url, interval);
      }
    });
  return addFlags(command, statusSettings);
}

function urlOf({ host, port }: ListenAddress): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

async function between(before: Observation, url: string, interval: number): Promise<Figures> {
  await pause(interval);
  return figuresOf(before, await observe(url));
}

/** Shows figures again and again, until the process is asked to stop. A core that goes away is waited for. */
async function watch(
  url: string,
  interval: number,
  show: (figures: Figures) => void,
  lost?: (why: string) => void,
): Promise<void> {
  const stop = new AbortController();
  void untilStopped().then(() => stop.abort());
  try {
    let before = await observe(url, stop.signal);
    for (;;) {
      await pause(interval, undefined, { signal: stop.signal });
      try {
        const now = await observe(url, stop.signal);
        show(figuresOf(before, now));
        before = now;
      } catch (error) {
        if (!(error instanceof CommandError) || lost === undefined) throw error;
        lost(error.message);
      }
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

// The alternate screen keeps what was on the terminal; every frame is written over the one before it. A line too long for
// the terminal is cut off there: wrapped, it would push the first ones out at the top.
const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l';
const LEAVE = '\u001B[?7h\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_LINE = '\u001B[2K';
const CLEAR_BELOW = '\u001B[J';

async function paint(url: string, interval: number): Promise<void> {
  const frame = (text: string): void => {
    // Some terminals do not say how high they are, or say 0.
    const rows = process.stdout.rows > 0 ? process.stdout.rows : undefined;
    const lines = `${text}\n\n${style.note('Ctrl-C ends')}`.split('\n').slice(0, rows);
    process.stdout.write(HOME + lines.map((line) => CLEAR_LINE + line).join('\n') + CLEAR_BELOW);
  };
  process.stdout.write(ENTER);
  try {
    await watch(
      url,
      interval,
      (figures) => frame(screen(url, figures)),
      (why) => frame(style.bad(why)),
    );
  } finally {
    process.stdout.write(LEAVE);
  }
}
