export { flushFile, flushFolder } from './flush.js';
export { FolderLock, FolderLockError, type FolderLockErrorCode } from './folder-lock.js';
export { type Logger, silentLogger } from './log.js';
