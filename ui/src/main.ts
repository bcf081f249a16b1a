import { mount } from 'svelte';

import App from './app/App.svelte';
import './app/base.css';
import EventMode from './features/event/EventMode.svelte';
import { windowName } from './platform';
import { applyTheme } from './shared/theme';

const event = windowName() === 'event';
if (event) document.title = 'Boothkeeper event';
applyTheme(event ? 'event' : 'main');
const target = document.getElementById('app');
if (!target) throw new Error('the page has no place for the app');
mount(event ? EventMode : App, { target });
