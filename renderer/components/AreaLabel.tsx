import { ColorSwatch, Group, Text } from '@mantine/core';
import { areaColour } from '../plots/colours.ts';
import { useAreaColour } from './areaColours.tsx';

/** An area's fixed colour with its name: never the colour alone. */
export function AreaLabel({ area, colourOf, label }: { area: string; colourOf?: string | undefined; label?: string }) {
  const known = useAreaColour();
  return (
    <Group gap={5} wrap="nowrap" component="span" display="inline-flex" maw="100%" title={label ?? area}>
      <ColorSwatch
        component="span"
        size={9}
        radius={9}
        withShadow={false}
        color={colourOf === undefined ? known(area) : areaColour(area, colourOf)}
        style={{ flex: 'none' }}
        aria-hidden
      />
      <Text component="span" size="xs" truncate="end">
        {label ?? area}
      </Text>
    </Group>
  );
}
