/** Called now and then by what takes long: how much is done, and of how much if that is known. */
export type Progress = (done: number, total: number | undefined) => void;
