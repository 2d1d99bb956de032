/** The public face of this module. */
export { deriveVjp } from './deriveVjp.ts';
export type { Vjp, VjpRequest } from './deriveVjp.ts';
export { checkGradient } from './check.ts';
export type { CheckedFunction, FloatArray, GradientCheck, GradientCheckRequest } from './check.ts';
export { familyFeeds, familyInputs, withFamilyHead } from './familyHead.ts';
export type { FamilyHead, FamilyParameters } from './familyHead.ts';
export { stillWorks } from './refusal.ts';
export { defaultLowering, stridedChoices } from './lowering.ts';
export type { Lowering, StridedLayer, StridedLowering } from './lowering.ts';
