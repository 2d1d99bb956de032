import { describe, expect, it } from 'vitest';
import {
  centredPxToSize,
  centredSizeToCm,
  centredSizeToPx,
  columnCentresDeg,
  eccentricityToCm,
  eccentricityToPx,
  extentBetweenPx,
  localPxPerDeg,
  pxToEccentricity,
  rowCentresDeg,
  screenWidthDeg,
} from './geometry.ts';

const screen = { widthPx: 1920, widthCm: 53, distanceCm: 57 };

describe('a flat screen', () => {
  it('makes one degree 13 % longer at 20° than at the centre', () => {
    expect(localPxPerDeg(screen, 20) / localPxPerDeg(screen, 0)).toBeCloseTo(
      1 / Math.cos((20 * Math.PI) / 180) ** 2,
      12,
    );
    expect(localPxPerDeg(screen, 20) / localPxPerDeg(screen, 0)).toBeCloseTo(1.13, 2);
    expect(extentBetweenPx(screen, 19.5, 20.5) / extentBetweenPx(screen, -0.5, 0.5)).toBeCloseTo(1.13, 2);
  });

  it('shows about one degree per centimetre at 57 cm', () => {
    expect(centredSizeToCm(screen, 1)).toBeCloseTo(0.99486, 5);
    expect(eccentricityToCm({ ...screen, distanceCm: 57.29 }, 1)).toBeCloseTo(1, 4);
    // 2·atan(26.5 / 57)
    expect(screenWidthDeg(screen)).toBeCloseTo(49.8686, 4);
  });

  it('goes there and back exactly, on both sides of fixation', () => {
    for (const deg of [-89, -60, -20.5, -1e-3, 0, 0.25, 8, 33, 45, 80]) {
      expect(pxToEccentricity(screen, eccentricityToPx(screen, deg))).toBeCloseTo(deg, 11);
    }
    expect(centredPxToSize(screen, centredSizeToPx(screen, 24))).toBeCloseTo(24, 11);
    for (const px of [-5000, -3, 0.5, 960, 20_000]) {
      const cm = (px * 53) / 1920;
      expect(pxToEccentricity(screen, px)).toBeCloseTo((Math.atan(cm / 57) * 180) / Math.PI, 12);
    }
  });

  it('gives a centred size twice the tangent of its half', () => {
    expect(centredSizeToPx(screen, 30)).toBeCloseTo((2 * 57 * Math.tan((15 * Math.PI) / 180) * 1920) / 53, 9);
  });
});

describe('a raster', () => {
  it('has pixel centres symmetric about fixation, y pointing up', () => {
    const raster = { sizePx: 4, fieldOfViewDeg: 8 };
    expect([...columnCentresDeg(raster)]).toEqual([-3, -1, 1, 3]);
    expect([...rowCentresDeg(raster)]).toEqual([3, 1, -1, -3]);
  });
});
