/** Nest tokens of the ports the commands are wired to. */
export const EVENT_LOG = Symbol('EventLog');
export const STREAM_MEMORY = Symbol('StreamMemory');
export const LEASES = Symbol('Leases');
export const CLOCK = Symbol('Clock');
