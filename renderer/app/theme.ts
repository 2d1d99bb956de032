/** The look: one typeface, four sizes, a 4-pixel grid, one accent, lines instead of boxes. */
import { createTheme, rem, type MantineColorsTuple } from '@mantine/core';

/** The only colour of the chrome. Area colours belong to data and are never used for controls. */
const accent: MantineColorsTuple = [
  '#eef2fb',
  '#dbe2f1',
  '#b4c2e3',
  '#8aa0d5',
  '#6783c9',
  '#5171c2',
  '#4467bf',
  '#3557a9',
  '#2c4d98',
  '#1f4287',
];

/** Neutral greys: a tinted surround would change how the stimuli look. */
const dark: MantineColorsTuple = [
  '#d6d6d6',
  '#b3b3b3',
  '#8f8f8f',
  '#6a6a6a',
  '#474747',
  '#383838',
  '#2a2a2a',
  '#1f1f1f',
  '#181818',
  '#111111',
];

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 5 },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  fontSizes: { xs: rem(12), sm: rem(13), md: rem(13), lg: rem(15), xl: rem(20) },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.45', lg: '1.45', xl: '1.3' },
  spacing: { xs: rem(4), sm: rem(8), md: rem(12), lg: rem(16), xl: rem(24) },
  radius: { xs: rem(2), sm: rem(4), md: rem(4), lg: rem(4), xl: rem(4) },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: rem(20), lineHeight: '1.3' },
      h2: { fontSize: rem(15), lineHeight: '1.4' },
      h3: { fontSize: rem(13), lineHeight: '1.4' },
      // Only cards go this deep; left to the kit they would be larger than what they stand under.
      h4: { fontSize: rem(13), lineHeight: '1.4' },
      h5: { fontSize: rem(12), lineHeight: '1.4' },
      h6: { fontSize: rem(12), lineHeight: '1.4' },
    },
  },
  shadows: { xs: 'none', sm: 'none' },
  components: {
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } },
    Alert: { defaultProps: { variant: 'light', p: 'sm' } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 500 } },
    Button: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    DataList: { defaultProps: { size: 'xs', gap: 'xs', labelWidth: '7.5rem' } },
    Kbd: { defaultProps: { size: 'xs' } },
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 100 } } },
    MultiSelect: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs', allowDeselect: false, checkIconPosition: 'right' } },
    Slider: { defaultProps: { size: 'sm' } },
    Switch: { defaultProps: { size: 'xs' } },
    Table: { defaultProps: { verticalSpacing: 4, horizontalSpacing: 8, fz: 'xs' } },
    TextInput: { defaultProps: { size: 'xs' } },
    Tooltip: { defaultProps: { openDelay: 400, fz: 'xs', transitionProps: { duration: 80 } } },
  },
});
