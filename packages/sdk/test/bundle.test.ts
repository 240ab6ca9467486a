import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

async function bundle(source: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  });
  return outputFiles[0]!.contents;
}

test('the browser bundle has nothing of Node and stays below 60 kB gzipped', async () => {
  // The platform "browser" makes any import of a Node module fail the build.
  const code = await bundle(`export * from '@enigma-worker/sdk'`);
  expect(gzipSync(code).length).toBeLessThan(60_000);
});

test('what is not used is not in the bundle', async () => {
  const whole = await bundle(`export * from '@enigma-worker/sdk'`);
  const part = await bundle(`export { parseFunction } from '@enigma-worker/sdk'`);
  expect(part.length).toBeLessThan(whole.length / 3);
});

test('a report is verified in browsers too, by an entry that costs nobody else anything', async () => {
  const judge = await bundle(`export { verifyReport } from '@enigma-worker/sdk/attestation'`);
  expect(judge.length).toBeGreaterThan(0);
  const { metafile } = await build({
    stdin: {
      contents: `export * from '@enigma-worker/sdk'`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
  });
  const files = Object.keys(metafile.inputs);
  expect(files.some((file) => file.includes('packages/sdk/'))).toBe(true);
  expect(files.filter((file) => /attestation|dcap-qvl/.test(file))).toEqual([]);
});
