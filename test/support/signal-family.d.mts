/** Signals a process and its children; those that end meanwhile are passed over. */
export declare const signalFamily: (parent: number, signal: NodeJS.Signals) => void;
