/** `units.csv`: where each unit's receptive field lies, how large it is, and what was planted. */
import type { TwinUnit } from '../../main/contract/twins.ts';
import {
  bands,
  c2Groups,
  c2PlacesDeg,
  c2WindowStarts,
  degOfColumn,
  degOfRow,
  itChannels,
  itWindowPlaces,
  orientationsDeg,
  pxPerDeg,
  s2ReachPx,
  scales,
  v1PoolWavelengths,
  v1Scales,
  v2PlacesDeg,
  v2PoolDeg,
  type Area,
} from './parameters.ts';
import { v1CentrePx, type Population } from './population.ts';

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits)) + 0;

/** Pixel in the middle of the window around a C2 place, along one axis, mean of both bands of the group. */
function c2CentrePx(group: number, place: number): number {
  const centres = c2Groups[group].map((b) => {
    const band = bands[b];
    return band.firstS2Px + band.s2StepPx * (c2WindowStarts(band)[place] + (band.c2Cells - 1) / 2);
  });
  return (centres[0] + centres[1]) / 2;
}

/** Side of the square of pixels that a C2 unit sees: that of the coarser band. */
function c2SizeDeg(group: number): number {
  const band = bands[c2Groups[group][1]];
  return ((band.c2Cells - 1) * band.s2StepPx + 2 * s2ReachPx(band) + 1) / pxPerDeg;
}

const firstPlaces = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Middle, along one axis, of the C2 windows that an IT unit reads. */
function itCentrePx(channel: number, position: number): number {
  const places = itChannels[channel].flatMap((group) =>
    firstPlaces(itWindowPlaces).map((place) => c2CentrePx(group, position + place)),
  );
  return places.reduce((sum, px) => sum + px, 0) / places.length;
}

const frequencyCpd = (scale: number): number => rounded(pxPerDeg / scales[v1Scales[scale]].wavelengthPx, 4);

interface Row {
  xDeg: number;
  yDeg: number;
  sizeDeg: number;
  extra: TwinUnit['extra'];
}

const rows: Record<Area, (population: Population) => Row[]> = {
  V1: ({ v1 }) =>
    v1.map((unit) => {
      const { column, row } = v1CentrePx(unit);
      const { wavelengthPx, supportPx } = scales[v1Scales[unit.scale]];
      return {
        xDeg: degOfColumn(column),
        yDeg: degOfRow(row),
        sizeDeg: (4 * v1PoolWavelengths * wavelengthPx + supportPx) / pxPerDeg,
        extra: {
          orientation_deg: orientationsDeg[unit.orientation],
          spatial_frequency_cpd: frequencyCpd(unit.scale),
        },
      };
    }),
  V2: ({ v2 }) =>
    v2.map(({ scale, orientation, column, row }) => ({
      xDeg: v2PlacesDeg[column],
      yDeg: -v2PlacesDeg[row],
      sizeDeg: 4 * v2PoolDeg + scales[v1Scales[scale]].supportPx / pxPerDeg,
      extra: { orientation_deg: orientationsDeg[orientation], spatial_frequency_cpd: frequencyCpd(scale) },
    })),
  V4: ({ v4 }) =>
    v4.map(({ prototype, group, column, row }) => ({
      xDeg: degOfColumn(c2CentrePx(group, column)),
      yDeg: degOfRow(c2CentrePx(group, row)),
      sizeDeg: c2SizeDeg(group),
      extra: { prototype, first_band: c2Groups[group][0] + 1, last_band: c2Groups[group][1] + 1 },
    })),
  IT: ({ it }) =>
    it.map(({ view, channel, column, row }) => {
      const [fine, coarse] = itChannels[channel];
      return {
        xDeg: degOfColumn(itCentrePx(channel, column)),
        yDeg: degOfRow(itCentrePx(channel, row)),
        sizeDeg: (itWindowPlaces - 1) * (c2PlacesDeg[1] - c2PlacesDeg[0]) + c2SizeDeg(coarse),
        extra: { view, first_band: c2Groups[fine][0] + 1, last_band: c2Groups[coarse][1] + 1 },
      };
    }),
};

/** The units of an area in the order of its output axis. */
export function unitRows(area: Area, population: Population): TwinUnit[] {
  return rows[area](population).map((row, index) => ({
    unit: `${area.toLowerCase()}-${String(index).padStart(3, '0')}`,
    area,
    index,
    xDeg: rounded(row.xDeg, 5),
    yDeg: rounded(row.yDeg, 5),
    sizeDeg: rounded(row.sizeDeg, 4),
    extra: row.extra,
  }));
}
