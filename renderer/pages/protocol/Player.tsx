/** Shows the protocol as a subject would see it: every frame at its time, every stimulus at its size, on stage grey. */
import { ActionIcon, Group, Text, Tooltip } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconPlayerPause, IconPlayerPlay, IconPlayerSkipBack } from '@tabler/icons-react';
import { useEffect, useMemo, useRef } from 'react';
import { neededDeg, type ExpandedProtocol } from '../../../main/contract/results.ts';
import { screenPxOf, useSettings } from '../../app/settings.ts';
import { formatCount, formatNumber } from '../../components/format.ts';
import { createPictures } from './pictures.ts';
import { shownAt } from './timeline.ts';

/** The position is announced to the timeline this often; the picture itself follows every refresh. */
const announceMs = 66;

export function Player({
  protocol,
  frame,
  playing,
  onFrame,
  onPlaying,
}: {
  protocol: ExpandedProtocol;
  frame: number;
  playing: boolean;
  onFrame: (frame: number) => void;
  onPlaying: (playing: boolean) => void;
}) {
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [settings] = useSettings();
  const pictures = useMemo(createPictures, []);
  const { totalFrames, display, stimuli } = protocol;
  const largestDeg = stimuli.reduce((size, stimulus) => Math.max(size, neededDeg(stimulus)), 0);
  const truePx = screenPxOf(Math.min(largestDeg, 120), settings);
  const scale = truePx > 0 ? Math.min(1, (Math.min(width, height) - 8) / truePx) : 1;
  const position = useRef(frame);
  // The timeline moved the position.
  useEffect(() => {
    if (!playing) position.current = frame;
  }, [frame, playing]);

  useEffect(() => {
    const surface = canvas.current;
    const context = surface?.getContext('2d');
    if (!surface || !context || width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio;
    surface.width = Math.round(width * ratio);
    surface.height = Math.round(height * ratio);
    const stage = getComputedStyle(surface).getPropertyValue('--stage') || '#bcbcbc';
    const show = (at: number): boolean => {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.fillStyle = stage;
      context.fillRect(0, 0, width, height);
      const index = shownAt(protocol, at).stimulus;
      const stimulus = index === null ? undefined : stimuli[index];
      if (stimulus === undefined) return true;
      const px = (deg: number) => screenPxOf(deg, settings) * scale;
      const picture = pictures.get(stimulus, px(stimulus.sizeDeg) * ratio);
      if (picture === null) return false;
      const side = px(picture.sizeDeg);
      context.drawImage(picture.source, (width - side) / 2, (height - side) / 2, side, side);
      return true;
    };
    const startFrame = position.current;
    let startedAt: number | null = null;
    let announcedAt = 0;
    let request = 0;
    const tick = (now: number) => {
      if (!playing) {
        // Waits only for a thumbnail that is still on its way.
        if (!show(position.current)) request = requestAnimationFrame(tick);
        return;
      }
      startedAt ??= now;
      const at = startFrame + Math.floor(((now - startedAt) / 1000) * display.refreshHz);
      position.current = Math.min(at, totalFrames - 1);
      show(position.current);
      if (at >= totalFrames) {
        onFrame(0);
        onPlaying(false);
        return;
      }
      if (now - announcedAt >= announceMs) {
        announcedAt = now;
        onFrame(position.current);
      }
      request = requestAnimationFrame(tick);
    };
    request = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(request);
    // While it plays, the position is this effect's own: `frame` would restart the clock at every announcement.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [playing, playing ? null : frame, protocol, width, height, scale, settings.pxPerCm, settings.viewingDistanceCm]);

  const { trial, stimulus } = shownAt(protocol, frame);
  const shown = stimulus === null ? undefined : stimuli[stimulus];
  const what =
    shown === undefined
      ? trial?.stimulus === null
        ? 'blank trial'
        : 'background'
      : `${shown.name} · ${shown.condition}`;
  return (
    <section aria-label="Player" style={{ display: 'flex', flexDirection: 'column', flex: '1 1 0', minHeight: 180 }}>
      <div ref={ref} style={{ flex: 1, minHeight: 0, position: 'relative', background: 'var(--stage)' }}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Screen: ${what}`}
          style={{ position: 'absolute', inset: 0, width: '100%', height: '100%' }}
        />
      </div>
      <Group gap="sm" px="md" py={4} wrap="nowrap" style={{ borderBlock: '1px solid var(--line)' }}>
        <Tooltip label="To the start">
          <ActionIcon
            aria-label="To the start"
            onClick={() => {
              position.current = 0;
              onPlaying(false);
              onFrame(0);
            }}
          >
            <IconPlayerSkipBack size={15} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={playing ? 'Stop' : 'Play'}>
          <ActionIcon
            aria-label={playing ? 'Stop' : 'Play'}
            onClick={() => {
              if (playing) onFrame(position.current);
              onPlaying(!playing);
            }}
          >
            {playing ? <IconPlayerPause size={15} /> : <IconPlayerPlay size={15} />}
          </ActionIcon>
        </Tooltip>
        <Text size="xs" truncate="end" flex={1}>
          frame {formatCount(frame)} · {formatNumber(frame / display.refreshHz, 4)} s ·{' '}
          {trial === null ? 'between blocks' : `trial ${trial.index + 1} of ${formatCount(protocol.trials.length)}`} ·{' '}
          {what}
        </Text>
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }} title="Set the scale of this screen in Settings.">
          {scale < 0.995
            ? `${Math.round(100 * scale)} % of true size`
            : `true size at ${formatNumber(settings.viewingDistanceCm)} cm`}
        </Text>
      </Group>
    </section>
  );
}
