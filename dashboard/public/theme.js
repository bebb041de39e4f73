// Before the first paint, so that a dark page never flashes white. A file, because the page allows no script within.
(function () {
    var wish = null;
    try {
        wish = localStorage.getItem("toolpath.theme");
    } catch (error) {
        void error; // storage is switched off: the system decides
    }
    var dark = wish === "dark" || (wish !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
