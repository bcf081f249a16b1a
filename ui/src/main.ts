import { mount } from 'svelte';

import App from './app/App.svelte';
import './app/base.css';
import EventMode from './features/event/EventMode.svelte';
import { windowName } from './platform';
import { t } from './shared/messages';
import { applyTheme } from './shared/theme';

const event = windowName() === 'event';
if (event) document.title = t('app-event-window');
applyTheme(event ? 'event' : 'main');
const target = document.getElementById('app');
if (!target) throw new Error('no element #app');
mount(event ? EventMode : App, { target });
