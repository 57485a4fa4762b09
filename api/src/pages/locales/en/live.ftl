# What is told while a page is open.
live-show = Show
live-again = Something may have changed meanwhile.
live-arrivals = Handoffs offered to you since you opened this page: { $count }
