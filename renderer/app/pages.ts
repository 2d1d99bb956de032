/** The places the rail goes to, in the order of the work. */
import {
  IconAdjustments,
  IconBooks,
  IconChartDots,
  IconListDetails,
  IconPhotoScan,
  IconTargetArrow,
  IconTimeline,
  type Icon,
} from '@tabler/icons-react';

export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: Icon;
  /** The key that goes there. */
  readonly key?: string;
}

export const steps: readonly Place[] = [
  { path: '/library', name: 'Library', icon: IconBooks, key: '1' },
  { path: '/stimuli', name: 'Stimuli', icon: IconPhotoScan, key: '2' },
  { path: '/experiment', name: 'Experiment', icon: IconChartDots, key: '3' },
  { path: '/search', name: 'Search', icon: IconTargetArrow, key: '4' },
  { path: '/protocol', name: 'Protocol', icon: IconTimeline, key: '5' },
];
export const jobsPlace: Place = { path: '/jobs', name: 'Jobs', icon: IconListDetails };
export const settingsPlace: Place = { path: '/settings', name: 'Settings', icon: IconAdjustments };
export const places: readonly Place[] = [...steps, jobsPlace, settingsPlace];

/** The place a location belongs to, e.g. `/stimuli/abc` to Stimuli. */
export function placeOf(location: string): Place | undefined {
  return places.find((place) => location === place.path || location.startsWith(`${place.path}/`));
}
