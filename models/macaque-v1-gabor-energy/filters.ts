/**
 * The filters of a unit on the raster, and the grating it prefers.
 *
 * Even part E = env·(cos 2πfu − d) and odd part O = env·sin 2πfu, env the cut Gaussian, d such that ΣE = 0. Each is
 * scaled so that at the pair's preferred frequency f₀ its response to a full-field grating in its own phase is 1: the
 * pair is in exact quadrature there, also for receptive fields with few cycles, whose two parts differ in amplitude.
 * A simple cell is cos ψ·E − sin ψ·O scaled to amplitude 1 for its best grating; a complex cell is the pair (E, O).
 */
import { cos, degreesToRadians, exp, sin } from '../../main/platform/exactMath.ts';
import { cutRadius, direction, extentPx, pxPerDeg, sizePx, type UnitParameters } from './parameters.ts';
import { preferenceRatio, preferredFrequencyCpd } from './preference.ts';

/** Even and odd filter over the box of the raster that holds the cut Gaussian; row-major, top row first. */
export interface QuadraturePair {
  left: number;
  top: number;
  width: number;
  height: number;
  even: Float64Array;
  odd: Float64Array;
  /** Per row, first and one past the last column of the box inside the cut. */
  spans: { from: number; to: number }[];
}

export interface PreferredGrating {
  spatialFrequencyCpd: number;
  orientationDeg: number;
  /** Phase at the centre of the field of view, as in the stimulus convention cos(2πfu + phase). */
  phaseDeg: number;
  /** The same phase as seen from the receptive field's centre, in radians. */
  localPhase: number;
}

/** Centre in pixels from the middle of the raster, x right and y up: exactly a multiple of ½. */
export const centrePx = (unit: UnitParameters): { x: number; y: number } => ({
  x: Math.round(2 * unit.xDeg * pxPerDeg) / 2,
  y: Math.round(2 * unit.yDeg * pxPerDeg) / 2,
});

export function quadraturePair(unit: UnitParameters): QuadraturePair {
  const centre = centrePx(unit);
  const extent = extentPx(unit);
  const left = Math.ceil(centre.x - extent.x + sizePx / 2 - 0.5);
  const top = Math.ceil(-centre.y - extent.y + sizePx / 2 - 0.5);
  const width = Math.floor(centre.x + extent.x + sizePx / 2 - 0.5) - left + 1;
  const height = Math.floor(-centre.y + extent.y + sizePx / 2 - 0.5) - top + 1;

  const { sin: sinBars, cos: cosBars } = direction(unit.orientationDeg);
  const sigmaAcross = unit.nx / unit.carrierCpd;
  const sigmaAlong = unit.ny / unit.carrierCpd;
  const carrier = 2 * Math.PI * unit.carrierCpd;
  const preference = carrier * preferenceRatio(unit.nx);

  const pair: QuadraturePair = {
    left,
    top,
    width,
    height,
    even: new Float64Array(width * height),
    odd: new Float64Array(width * height),
    spans: [],
  };
  const envelope = new Float64Array(width * height);
  const across = new Float64Array(width * height);
  let envelopeSum = 0;
  let evenSum = 0;
  for (let row = 0; row < height; row++) {
    const y = (-(top + row + 0.5 - sizePx / 2) - centre.y) / pxPerDeg;
    const span = { from: width, to: 0 };
    for (let column = 0; column < width; column++) {
      const x = (left + column + 0.5 - sizePx / 2 - centre.x) / pxPerDeg;
      const u = -x * sinBars + y * cosBars;
      const v = x * cosBars + y * sinBars;
      const zu = u / sigmaAcross;
      const zv = v / sigmaAlong;
      const squared = zu * zu + zv * zv;
      if (squared > cutRadius * cutRadius) continue;
      const at = row * width + column;
      const weight = exp(-squared / 2);
      envelope[at] = weight;
      across[at] = u;
      pair.even[at] = weight * cos(carrier * u);
      pair.odd[at] = weight * sin(carrier * u);
      envelopeSum += weight;
      evenSum += pair.even[at] as number;
      span.from = Math.min(span.from, column);
      span.to = column + 1;
    }
    pair.spans.push(span);
  }
  let evenGain = 0;
  let oddGain = 0;
  for (const [at, weight] of envelope.entries()) {
    if (weight === 0) continue;
    (pair.even[at] as number) -= (weight * evenSum) / envelopeSum;
    evenGain += (pair.even[at] as number) * cos(preference * (across[at] as number));
    oddGain += (pair.odd[at] as number) * sin(preference * (across[at] as number));
  }
  for (let at = 0; at < envelope.length; at++) {
    (pair.even[at] as number) /= evenGain;
    (pair.odd[at] as number) /= oddGain;
  }
  return pair;
}

/** Responses of both parts to a full-field grating in their own phase, k in radians per pixel (x right, y up). */
export function pairTransfer(
  pair: QuadraturePair,
  centre: { x: number; y: number },
  k: { x: number; y: number },
): { even: number; odd: number } {
  const x0 = pair.left + 0.5 - sizePx / 2 - centre.x;
  const cosX = new Float64Array(pair.width);
  const sinX = new Float64Array(pair.width);
  for (let column = 0; column < pair.width; column++) {
    cosX[column] = cos(k.x * (x0 + column));
    sinX[column] = sin(k.x * (x0 + column));
  }
  let evenTotal = 0;
  let oddTotal = 0;
  for (let row = 0; row < pair.height; row++) {
    const { from, to } = pair.spans[row] as { from: number; to: number };
    let evenCos = 0;
    let evenSin = 0;
    let oddCos = 0;
    let oddSin = 0;
    for (let column = from, at = row * pair.width + from; column < to; column++, at++) {
      const even = pair.even[at] as number;
      const odd = pair.odd[at] as number;
      const c = cosX[column] as number;
      const s = sinX[column] as number;
      evenCos += even * c;
      evenSin += even * s;
      oddCos += odd * c;
      oddSin += odd * s;
    }
    const y = -(pair.top + row + 0.5 - sizePx / 2) - centre.y;
    const cosY = cos(k.y * y);
    const sinY = sin(k.y * y);
    evenTotal += evenCos * cosY - evenSin * sinY;
    oddTotal += oddSin * cosY + oddCos * sinY;
  }
  return { even: evenTotal, odd: oddTotal };
}

/** Wave vector of a grating in radians per pixel: modulation along u = −x·sin φ + y·cos φ. */
export function waveVector(spatialFrequencyCpd: number, orientationDeg: number): { x: number; y: number } {
  const k = (2 * Math.PI * spatialFrequencyCpd) / pxPerDeg;
  const { sin: sinBars, cos: cosBars } = direction(orientationDeg);
  return { x: -k * sinBars, y: k * cosBars };
}

/** The angle with the given cosine and sine, by Newton steps from a near start; plain arithmetic, so the same anywhere. */
function angleOf(cosine: number, sine: number, start: number): number {
  let angle = start;
  for (let i = 0; i < 40; i++) angle += sine * cos(angle) - cosine * sin(angle);
  return angle;
}

/** A unit's filters, scaled as the model uses them: one for a simple cell, (even, odd) for a complex cell. */
export interface UnitFilters {
  unit: UnitParameters;
  pair: QuadraturePair;
  filters: Float64Array[];
  preferred: PreferredGrating;
}

export function unitFilters(unit: UnitParameters): UnitFilters {
  const pair = quadraturePair(unit);
  const spatialFrequencyCpd = preferredFrequencyCpd(unit);
  const centre = centrePx(unit);
  const k = waveVector(spatialFrequencyCpd, unit.orientationDeg);
  const phase = degreesToRadians(unit.phaseDeg);
  const simple = unit.area === 'V1-simple';
  let filters = [pair.even, pair.odd];
  let localPhase = 0;
  if (simple) {
    const transfer = pairTransfer(pair, centre, k);
    const c = cos(phase) * transfer.even;
    const s = sin(phase) * transfer.odd;
    const amplitude = Math.sqrt(c * c + s * s);
    filters = [pair.even.map((even, at) => (cos(phase) * even - sin(phase) * (pair.odd[at] as number)) / amplitude)];
    localPhase = angleOf(c / amplitude, s / amplitude, phase);
  }
  // The phase at the origin: the receptive field's centre lies k·centre further along.
  const originDeg = ((localPhase - k.x * centre.x - k.y * centre.y) * 180) / Math.PI;
  return {
    unit,
    pair,
    filters,
    preferred: {
      spatialFrequencyCpd,
      orientationDeg: unit.orientationDeg,
      phaseDeg: ((originDeg % 360) + 360) % 360,
      localPhase,
    },
  };
}
