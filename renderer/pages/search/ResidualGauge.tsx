/** A residual as a number and as a gauge. */

export const told = (value: number | undefined): string =>
  value === undefined ? '–' : value === 0 ? '0' : value.toExponential(1);

/** Every candidate is held to its constraints to within this. */
const tolerance = 1e-6;
const gauge = { low: 1e-12, high: 1e-3 };
/** Where a residual stands on a log axis, from 0 to 1; nothing stands at its beginning. */
export const gaugeShare = (residual: number): number =>
  Math.min(1, Math.max(0, Math.log(Math.max(residual, gauge.low) / gauge.low) / Math.log(gauge.high / gauge.low)));

/** A residual against the tolerance that it must stay below. */
export function ResidualGauge({ residual }: { residual: number | undefined }) {
  if (residual === undefined) return null;
  const held = residual <= tolerance;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  return (
    <div
      role="meter"
      aria-label="Residual"
      aria-valuemin={0}
      aria-valuemax={tolerance}
      aria-valuenow={residual}
      aria-valuetext={`${told(residual)}, ${held ? 'within' : 'beyond'} the tolerance of 1e-6`}
      style={{ position: 'relative', height: 6, marginTop: 3, background: 'var(--line)', borderRadius: 2 }}
    >
      <div
        style={{
          position: 'absolute',
          inset: 0,
          width: percent(gaugeShare(residual)),
          background: held ? 'var(--mantine-primary-color-filled)' : 'var(--mantine-color-red-filled)',
          borderRadius: 2,
        }}
      />
      <div
        style={{
          position: 'absolute',
          top: -2,
          bottom: -2,
          left: percent(gaugeShare(tolerance)),
          width: 1,
          background: 'currentColor',
        }}
      />
    </div>
  );
}
