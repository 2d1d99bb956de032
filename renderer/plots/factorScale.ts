/** The x axis of anything that is plotted over a factor of a design. */
import { extent, scaleLinear, scaleLog } from 'd3';
import { formatNumber } from '../components/format.ts';
import { thinTicks, type AxisScale } from './axes.tsx';

export interface FactorAxis {
  readonly name: string;
  /** '°', 'cpd' or ''. */
  readonly unit: string;
  readonly scale: 'linear' | 'log' | 'circular';
  readonly levels: readonly number[];
}

/** A level as it was set: 157.5 stays 157.5. */
export const formatLevel = (level: number): string => formatNumber(level, 5);

/** Scale, ticks at the levels that were shown, and a title that names the unit and marks a logarithmic axis. */
export function factorScale(factor: FactorAxis, range: readonly [number, number]) {
  const [low, high] = extent(factor.levels) as [number, number];
  const log = factor.scale === 'log' && low > 0 && high > low;
  const domain: [number, number] = low === high ? [low - 1, high + 1] : [low, high];
  const scale: AxisScale = log ? scaleLog(domain, [...range]) : scaleLinear(domain, [...range]);
  const unit = factor.unit === '' ? '' : factor.unit;
  const notes = [unit, log ? 'log axis' : ''].filter((part) => part !== '').join(', ');
  const sorted = [...new Set(factor.levels)].sort((a, b) => a - b);
  return {
    scale,
    ticks: thinTicks(sorted, Math.abs(range[1] - range[0])),
    title: notes === '' ? factor.name : `${factor.name} (${notes})`,
  };
}
