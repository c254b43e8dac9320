"""The page beside a rig: what the person on site is asked, sees and does, in a browser on this computer.

It stands beside the agent and speaks to it by the owner's socket, so it may do what that may, and no more.
"""
