// Code and documents name sections of documents as `docs/NAME.md, "Section"`: each must be there.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { root } from './prepare.mjs';

const FOLDERS = ['packages', 'e2e', 'bench', 'examples', 'scripts', 'docs'];
const WRITTEN_BY_HAND = /\.(?:ts|mjs|md|wat)$/;
const NOT_OURS = new Set(['node_modules', 'dist', 'build']);
const CITATION = /docs\/([a-z-]+\.md)\)?,(?: sections?)?((?:(?: and|,)? "[^"]+")+)/g;

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : filesIn(path);
    return WRITTEN_BY_HAND.test(entry.name) ? [path] : [];
  });
}

const sections = new Map(
  readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => {
      const text = readFileSync(join(root, 'docs', name), 'utf8');
      return [name, new Set(Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title]) => title))];
    }),
);

let citations = 0;
const problems = [];
for (const file of FOLDERS.flatMap((folder) => filesIn(join(root, folder)))) {
  // A citation may go on in the next line of a comment.
  const text = readFileSync(file, 'utf8').replaceAll(/\s*\n\s*(?:\*|\/\/|;;)?\s*/g, ' ');
  for (const [, document, titles] of text.matchAll(CITATION)) {
    for (const [, title] of titles.matchAll(/"([^"]+)"/g)) {
      citations++;
      if (sections.get(document)?.has(title)) continue;
      const where = relative(root, file).split(sep).join('/');
      problems.push(`${where}: docs/${document} has no section "${title}"`);
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${citations} citations of sections: all are there`);
