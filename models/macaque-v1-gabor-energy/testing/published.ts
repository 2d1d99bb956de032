/** Distributions of preferences in macaque V1 (Dapello & Marques et al. 2020), which rows and figures compare with. */

/** Cells whose preferred orientation is nearest to 0, 45, 90 and 135°. */
export const orientationCounts = [66, 49, 77, 54];

/** Simple cells by preferred spatial frequency: counts between edges in log₂ cpd. */
export const simpleFrequencies = {
  edgesLog2Cpd: [-1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3],
  counts: [4, 4, 8, 25, 32, 26, 28, 12],
} as const;

/** Quartiles of the preferred spatial frequency of complex cells. */
export const complexQuartilesCpd = [2.31, 4.43, 6.5];
