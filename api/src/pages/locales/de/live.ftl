# Was gesagt wird, während eine Seite offen ist.
live-show = Anzeigen
live-again = Inzwischen kann sich etwas geändert haben.
live-arrivals = Ihnen angebotene Übergaben, seit diese Seite offen ist: { $count }
