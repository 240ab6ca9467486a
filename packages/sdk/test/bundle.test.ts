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
