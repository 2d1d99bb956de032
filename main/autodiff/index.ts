/** The public face of this module. */
export { deriveVjp } from './deriveVjp.ts';
export type { Vjp, VjpRequest } from './deriveVjp.ts';
