import type { ReactNode } from 'react';

/** The root of every plot. Ink is `currentColor`, so that one drawing serves both themes and paper. */
export function Svg({
  width,
  height,
  label,
  children,
}: {
  width: number;
  height: number;
  label: string;
  children: ReactNode;
}) {
  return (
    <svg
      data-plot
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      style={{ display: 'block', maxWidth: '100%', overflow: 'visible' }}
    >
      {children}
    </svg>
  );
}
