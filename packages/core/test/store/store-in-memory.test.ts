import { useMemoryStores } from './support.js';

// A store in memory passes every test of one on the disk, restarts included.
useMemoryStores();
await import('./store.test.js');
