// Only the sheets of what is used: the whole one is four times as large. The layer lets our own styles win.
import '@mantine/core/styles/baseline.layer.css';
import '@mantine/core/styles/default-css-variables.layer.css';
import '@mantine/core/styles/global.layer.css';
import '@mantine/core/styles/UnstyledButton.layer.css';
import '@mantine/core/styles/VisuallyHidden.layer.css';
import '@mantine/core/styles/ScrollArea.layer.css';
import '@mantine/core/styles/Loader.layer.css';
import '@mantine/core/styles/Overlay.layer.css';
import '@mantine/core/styles/Paper.layer.css';
import '@mantine/core/styles/CloseButton.layer.css';
import '@mantine/core/styles/ActionIcon.layer.css';
import '@mantine/core/styles/Button.layer.css';
import '@mantine/core/styles/Popover.layer.css';
import '@mantine/core/styles/Group.layer.css';
import '@mantine/core/styles/Stack.layer.css';
import '@mantine/core/styles/Input.layer.css';
import '@mantine/core/styles/PasswordInput.layer.css';
import '@mantine/core/styles/InlineInput.layer.css';
import '@mantine/core/styles/Checkbox.layer.css';
import '@mantine/core/styles/ModalBase.layer.css';
import '@mantine/core/styles/Modal.layer.css';
import '@mantine/core/styles/Tabs.layer.css';
import '@mantine/core/styles/SegmentedControl.layer.css';
import '@mantine/core/styles/FloatingIndicator.layer.css';
import { createTheme, type MantineColorsTuple } from '@mantine/core';

const tide: MantineColorsTuple = [
  '#e3f1f3',
  '#c9e4e8',
  '#a2d1d8',
  '#76bbc6',
  '#4fa7b4',
  '#2b93a3',
  '#168293',
  '#0b7285',
  '#085c6c',
  '#054652',
];

/** Our own greys: lines, fields and dialogs are of one family with the page. */
const dark: MantineColorsTuple = [
  '#e3e5e7',
  '#b8bdc2',
  '#9ba1a7',
  '#757c83',
  '#3c4348',
  '#2a2f33',
  '#1e2225',
  '#181b1e',
  '#121416',
  '#0c0e10',
];

export const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 6 },
  colors: { tide, dark },
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 4,
  fontSizes: { xs: '12px', sm: '13px', md: '13.5px', lg: '15px', xl: '18px' },
  components: {
    Button: { defaultProps: { size: 'compact-sm', variant: 'default', fw: 500 } },
    TextInput: { defaultProps: { size: 'xs' } },
    NativeSelect: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    // A dialog that glides in is movement without news.
    Modal: { defaultProps: { transitionProps: { duration: 0 }, centered: true, size: 460 } },
    Popover: { defaultProps: { transitionProps: { duration: 0 }, position: 'bottom-end', shadow: 'sm' } },
  },
});
