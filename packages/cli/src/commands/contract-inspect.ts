import type { Inspection } from '@enigma-worker/core/tools';
import { Command } from 'commander';
import { readBytes } from '../files.js';
import { bytes, count } from '../output/amounts.js';
import { fields, style, toJson } from '../output/style.js';

/** `enigma contract inspect FILE.wasm`. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('look at a compiled contract as a deployment would; refused: exit code 1')
    .argument('<contract.wasm>', 'the compiled contract')
    .option('--json', 'print JSON')
    .action(async (path: string, { json }: { json?: boolean }) => {
      const { inspectModule } = await import('@enigma-worker/core/tools');
      const inspection = inspectModule(readBytes(path));
      console.log(json === true ? toJson(asJson(inspection)) : describe(path, inspection));
      if (inspection.refusals.length > 0) process.exitCode = 1;
    });
}

function asJson({ refusals, ...rest }: Inspection): object {
  return {
    deployable: refusals.length === 0,
    refusals: refusals.map(({ code, message }) => ({ code, message })),
    ...rest,
  };
}

function describe(path: string, { bytes: size, content, deployed, refusals }: Inspection): string {
  const parts = [style.title(`${path}  ${bytes(size)}`)];
  if (content !== undefined) {
    const { memory, dataSegments, dataBytes } = content;
    parts.push(
      fields([
        ['code', `${count(content.functions)} functions, ${bytes(content.codeBytes)}`],
        ['data', `${count(dataSegments)} segments, ${bytes(dataBytes)}`],
        ['globals', count(content.globals)],
        ['table', `${count(content.tableEntries)} entries`],
        ['memory', memory === undefined ? 'none' : pages(memory)],
        ['constructor', content.hasConstructor ? 'yes' : 'none: a deployment runs no code'],
      ]),
      list('imports', content.imports),
      list(
        'exports',
        content.exports.map(({ name, kind, signature }) => `${name}  ${style.note(signature ?? kind)}`),
      ),
    );
  }
  if (deployed !== undefined) {
    parts.push(
      style.title('a deployment keeps'),
      fields([
        ['exe code', `${count(deployed.exeBytes)} bytes, ${count(deployed.functions)} functions`],
        ['constructor', `${count(deployed.constructorBytes)} bytes, run once`],
        ['gas', `${count(deployed.deployGas)} for the exe code; the constructor's own comes on top`],
      ]),
    );
  }
  parts.push(
    refusals.length === 0
      ? style.good('can be deployed')
      : [
          style.bad('would be refused'),
          ...refusals.map(({ message }) => `${style.bad('✗')} ${message}`),
        ].join('\n'),
  );
  return parts.join('\n');
}

function pages({ initial, maximum }: { initial: number; maximum: number | undefined }): string {
  return `${count(initial)} pages${maximum === undefined ? '' : `, at most ${count(maximum)}`}; the host gives its own`;
}

function list(name: string, items: readonly string[]): string {
  return [`  ${style.note(name)}`, ...items.map((item) => `    ${item}`)].join('\n');
}
