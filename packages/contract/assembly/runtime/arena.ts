/**
 * The memory of a call: an arena that only grows. A call is short and its memory is thrown away at the end, so nothing is
 * ever freed, nothing is counted, and a contract pays no gas for a collector. The worker gives every contract 120 pages,
 * whatever its module declares; the arena ends there and never asks for more, because `memory.grow` costs 8192 gas a page.
 */
import { AL_MASK, BLOCK, BLOCK_MAXSIZE, BLOCK_OVERHEAD, OBJECT, OBJECT_MAXSIZE, OBJECT_OVERHEAD } from 'rt/common';
import { revert } from '../revert';

const MEMORY_END: usize = 120 << 16;

/** Kept back for the words that say that there is no more. */
const LAST_WORDS: usize = 1024;

// A constant initial value: anything else would need a start function, which a worker refuses.
let next: usize = 0;
let limit: usize = MEMORY_END - LAST_WORDS;

/** The most bytes a contract may have, which is checked when it is compiled, and what alignment may add. */
const CODE_ROOM: usize = (1 << 20) + 64;

/**
 * Keeps off the memory behind the static data: at deployment the worker puts the code of the contract there, and gives it back
 * from there when the constructor is through. Runs before anything else does.
 */
export function reserveCode(): void {
  next = firstBlock(__heap_base + CODE_ROOM);
}

/**
 * Compiled as the last thing of every contract, so that its byte is the last of the static data, behind all that is zero and
 * does not stand in the module: the worker takes the end of the last data segment for the end of all data.
 */
export function dataEnd(): usize {
  return memory.data<u8>([1]);
}

function firstBlock(start: usize): usize {
  return ((start + BLOCK_OVERHEAD + AL_MASK) & ~AL_MASK) - BLOCK_OVERHEAD;
}

function blockSize(size: usize): usize {
  return ((size + BLOCK_OVERHEAD + AL_MASK) & ~AL_MASK) - BLOCK_OVERHEAD;
}

function reserve(end: usize): void {
  if (end > limit) {
    if (limit == MEMORY_END) unreachable();
    limit = MEMORY_END;
    revert('out of memory');
  }
  next = end;
}

@unsafe @global
export function __alloc(size: usize): usize {
  if (size > BLOCK_MAXSIZE) revert('out of memory');
  if (next == 0) next = firstBlock(__heap_base);
  const block = changetype<BLOCK>(next);
  const pointer = next + BLOCK_OVERHEAD;
  const payload = blockSize(size);
  reserve(pointer + payload);
  block.mmInfo = payload;
  return pointer;
}

@unsafe @global
export function __realloc(pointer: usize, size: usize): usize {
  const block = changetype<BLOCK>(pointer - BLOCK_OVERHEAD);
  const old = block.mmInfo;
  if (size <= old) return pointer;
  if (pointer + old == next) {
    if (size > BLOCK_MAXSIZE) revert('out of memory');
    const payload = blockSize(size);
    reserve(pointer + payload);
    block.mmInfo = payload;
    return pointer;
  }
  // Twice the old size, so that a growing array moves rarely.
  const moved = __alloc(max<usize>(size, old << 1));
  memory.copy(moved, pointer, old);
  return moved;
}

@unsafe @global
export function __free(pointer: usize): void {}

@unsafe @global
export function __new(size: usize, id: u32): usize {
  if (size > OBJECT_MAXSIZE) revert('out of memory');
  const pointer = __alloc(OBJECT_OVERHEAD + size);
  const object = changetype<OBJECT>(pointer - BLOCK_OVERHEAD);
  object.rtId = id;
  object.rtSize = <u32>size;
  return pointer + OBJECT_OVERHEAD;
}

@unsafe @global
export function __renew(oldPointer: usize, size: usize): usize {
  if (size > OBJECT_MAXSIZE) revert('out of memory');
  const pointer = __realloc(oldPointer - OBJECT_OVERHEAD, OBJECT_OVERHEAD + size);
  changetype<OBJECT>(pointer - BLOCK_OVERHEAD).rtSize = <u32>size;
  return pointer + OBJECT_OVERHEAD;
}

@unsafe @global
export function __link(parent: usize, child: usize, expectMultiple: bool): void {}

@unsafe @global
export function __pin(pointer: usize): usize {
  return pointer;
}

@unsafe @global
export function __unpin(pointer: usize): void {}

@unsafe @global
function __visit(pointer: usize, cookie: u32): void {}

@unsafe @global
export function __collect(): void {}
