// The build: src/ joined into a few files, because loading eighty modules is a third of the start.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: 'src/cli.ts',
  platform: 'node',
  // Dependencies stay packages; only relative imports are ours.
  external: /^[^./]/,
  output: {
    dir: 'dist',
    format: 'esm',
    chunkFileNames: '[name].js',
    cleanDir: true,
    comments: { annotation: false, jsdoc: false },
  },
});
