/** The public face of this module. */
export { deriveVjp } from './deriveVjp.ts';
export type { Vjp, VjpRequest } from './deriveVjp.ts';
export { checkGradient } from './check.ts';
export type { CheckedFunction, FloatArray, GradientCheck, GradientCheckRequest } from './check.ts';
