// In a file of its own, since it is public: what leads to AssemblyScript's types brings its globals (`i32`, `usize`) into
// every program that compiles contracts, where they collide with those of Node.

/** Gives the text of a file, or `undefined` when there is none. Paths have forward slashes. */
export type ReadSource = (path: string) => Promise<string | undefined>;
