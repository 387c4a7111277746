import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { choices } from './lib/choices.svelte';
import { choice } from './lib/language.svelte';

choice.begin();
choices.begin();
mount(App, { target: document.getElementById('app') as HTMLElement });
