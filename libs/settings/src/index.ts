export { SettingsError } from './settings-error.js';
export * from './settings.js';
