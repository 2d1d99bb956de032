/** What has to be said about a twin's licences, in a word with its sentence on hover. */
import { Badge, Group, Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { trustMarks, type Licensed, type TrustMark } from '../../main/twins/trust.ts';

const colours: Record<TrustMark['tone'], string> = { plain: 'gray', warning: 'orange', missing: 'yellow' };
/** A restriction may not be cut off, so it breaks where there is no room; the kit's coloured text is too faint. */
const whole = {
  root: { height: 'auto', paddingBlock: 1, paddingInline: 6, letterSpacing: 0 },
  label: { whiteSpace: 'normal', lineHeight: 1.25, color: 'var(--mantine-color-text)', textAlign: 'left' },
  section: { marginInlineEnd: 4, color: 'var(--mantine-color-text)' },
} as const;

export function TrustChips({ twin, onlyWarnings = false }: { twin: Licensed; onlyWarnings?: boolean }) {
  const marks = trustMarks(twin).filter(({ tone }) => !onlyWarnings || tone !== 'plain');
  if (marks.length === 0) return null;
  return (
    <Group gap={4} component="span" style={{ rowGap: 2 }}>
      {marks.map(({ text, tone, sentence }) => (
        <Tooltip key={text} label={sentence} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
          <Badge
            component="span"
            color={colours[tone]}
            styles={whole}
            leftSection={tone === 'plain' ? undefined : <IconAlertTriangle size={11} aria-hidden />}
          >
            {text}
          </Badge>
        </Tooltip>
      ))}
    </Group>
  );
}
