import { Group, Text } from '@mantine/core';
import { areaStyle, type AreaMark } from '../plots/colours.ts';
import { useAreaStyle } from './areaColours.tsx';

const outlines: Record<AreaMark, string> = {
  circle: 'M5 .5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z',
  square: 'M1 1h8v8h-8z',
  diamond: 'M5 0l5 5l-5 5l-5-5z',
  triangle: 'M5 .5l5 9h-10z',
};

/** An area's fixed colour and mark with its name: never the colour alone. */
export function AreaLabel({ area, colourOf, label }: { area: string; colourOf?: string | undefined; label?: string }) {
  const known = useAreaStyle();
  const { colour, mark } = colourOf === undefined ? known(area) : areaStyle(area, colourOf);
  return (
    <Group gap={5} wrap="nowrap" component="span" display="inline-flex" maw="100%" title={label ?? area}>
      <svg viewBox="0 0 10 10" width={10} height={10} data-mark={mark} style={{ flex: 'none' }} aria-hidden>
        <path d={outlines[mark]} fill={colour} />
      </svg>
      <Text component="span" size="xs" truncate="end">
        {label ?? area}
      </Text>
    </Group>
  );
}
