// What React does not do: the table of users is drawn anew while the form over it is open, so the button that opened it
// is another one when the form closes. Who works by keyboard goes on there.
(function () {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});

  function refocus(id, tries) {
    if (document.querySelector(".modal") && tries) setTimeout(() => refocus(id, tries - 1), 50);
    else if (document.activeElement === document.body) document.getElementById(id)?.focus();
  }

  clientside.admin = {
    closed: function (open, user) {
      if (!open && user) refocus(JSON.stringify({ id: user, type: "admin-user-open" }), 40);
    },
  };
})();
