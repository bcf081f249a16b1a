import { mount } from 'svelte';

import App from './app/App.svelte';
import './app/base.css';
import { applyTheme } from './shared/theme';

applyTheme();
const target = document.getElementById('app');
if (!target) throw new Error('the page has no place for the app');
mount(App, { target });
