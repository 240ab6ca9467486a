/**
 * Solidity's arrays of a fixed length. AssemblyScript has no length in a type; the contract compiler reads it from the name and
 * checks it wherever a value crosses the interface.
 */
export type Fixed1<T> = StaticArray<T>;
export type Fixed2<T> = StaticArray<T>;
export type Fixed3<T> = StaticArray<T>;
export type Fixed4<T> = StaticArray<T>;
export type Fixed5<T> = StaticArray<T>;
export type Fixed6<T> = StaticArray<T>;
export type Fixed7<T> = StaticArray<T>;
export type Fixed8<T> = StaticArray<T>;
export type Fixed9<T> = StaticArray<T>;
export type Fixed10<T> = StaticArray<T>;
export type Fixed11<T> = StaticArray<T>;
export type Fixed12<T> = StaticArray<T>;
export type Fixed13<T> = StaticArray<T>;
export type Fixed14<T> = StaticArray<T>;
export type Fixed15<T> = StaticArray<T>;
export type Fixed16<T> = StaticArray<T>;
export type Fixed17<T> = StaticArray<T>;
export type Fixed18<T> = StaticArray<T>;
export type Fixed19<T> = StaticArray<T>;
export type Fixed20<T> = StaticArray<T>;
export type Fixed21<T> = StaticArray<T>;
export type Fixed22<T> = StaticArray<T>;
export type Fixed23<T> = StaticArray<T>;
export type Fixed24<T> = StaticArray<T>;
export type Fixed25<T> = StaticArray<T>;
export type Fixed26<T> = StaticArray<T>;
export type Fixed27<T> = StaticArray<T>;
export type Fixed28<T> = StaticArray<T>;
export type Fixed29<T> = StaticArray<T>;
export type Fixed30<T> = StaticArray<T>;
export type Fixed31<T> = StaticArray<T>;
export type Fixed32<T> = StaticArray<T>;
