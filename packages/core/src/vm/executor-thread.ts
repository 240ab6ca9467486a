/**
 * The stack that a thread needs to run contracts, in MiB: `resourceLimits.stackSizeMb` of a Worker. Contracts have a
 * limit of their own that should be reached first, whichever tier of V8 runs them: with the default stack of 984 KiB
 * the same call may fit or not.
 *
 * This is a kilobyte for each unit of that limit. Nothing bounds what V8 takes, though: what a function computes anew
 * after a call to itself, the optimising compiler may keep through the call instead, hundreds of values where the
 * function holds two. Who writes such a function and calls it thousands deep gets to the end of this stack, depending
 * on the tier; then there is an error and no receipt.
 */
export const executorStackMb = 64;

/**
 * The young generation of a thread that runs contracts, in MiB: `resourceLimits.maxYoungGenerationSizeMb` of a Worker.
 * What a call leaves for the collector is little and dies at once, so that more room would only be filled, not used:
 * 30 MiB a thread with V8's default.
 */
export const executorYoungGenerationMb = 6;
