/**
 * The part of the WebAssembly JavaScript API that the VM uses. TypeScript has it only in its browser library, whose
 * other thousand names a server should not see.
 */
export interface WasmApi {
  readonly Module: new (code: Uint8Array) => WasmModule;
  /** @throws a LinkError, or a RuntimeError when a segment lies outside memory or table */
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
  readonly RuntimeError: new (message?: string) => Error;
  readonly CompileError: new (message?: string) => Error;
  readonly LinkError: new (message?: string) => Error;
  validate(code: Uint8Array): boolean;
}

/** Compiled code: shared by all its instances. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module';
}

/** A module bound to its imports. */
export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Linear memory. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** A global; an `i64` is a signed bigint, an `i32` a signed number. */
export interface WasmGlobal<Value = unknown> {
  value: Value;
}

export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The engine's WebAssembly. */
export const wasm = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;
