/** A free port, given out once. */
export declare const freePort: () => Promise<number>;
