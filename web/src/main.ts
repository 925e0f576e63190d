import { mount } from "svelte";
import App from "./App.svelte";

const place = document.getElementById("desk");
if (place) mount(App, { target: place });
