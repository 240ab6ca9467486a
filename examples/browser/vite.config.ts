import { defineConfig } from 'vite';

export default defineConfig({
  // So that the built page can be served from any folder.
  base: './',
  build: { target: 'es2023' },
});
