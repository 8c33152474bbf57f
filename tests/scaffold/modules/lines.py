"""A dozen modules, in which each type of a field meets each modifier that it may have."""

from typing import Final

from tests.scaffold.modules.written import INVOICE

MODULES: Final = (
    INVOICE,
    "book title:str.100 pages:int",
    """ticket subject:str.80:filter:sort detail:text:optional
        priority:enum.low.high:default=low:filter labels:list.str:optional:filter
        closed_at:datetime:server:optional:filter:sort
        "stage:enum.open.in_progress.done.cancelled:filter:flow(open>in_progress>done,
        open>cancelled,in_progress>cancelled,done>open)" """,
    """product --shared code:str.8:unique:sort title:str.3 price:decimal.6.4:filter:default=1.5
        in_stock:bool:filter:default=true added_on:date:sort:filter
        stock:int:server:default=0:filter:sort""",
    """reservation --shared room_id:ref.product:filter guest_id:ref.user:optional
        begins_at:datetime:unique:filter note_text:text weight:decimal.3.3:optional:sort
        day:date:optional:sort:filter""",
    "measure --only=create,get amount:decimal taken_at:datetime",
    """review --only=create,get,list,delete task_id:ref.task:unique:filter
        stars:int:filter:default=3 tags:list.str external_id:uuid:optional:filter""",
    """membership user_id:ref.user:filter book_id:ref.book:filter:optional
        level:enum.basic.gold:optional:filter born_on:date:unique:optional""",
    """category --shared title:str.2:unique "extras:lines(name:str):optional"
        "parts:lines(code:str.10 size:int:optional kind:enum.a.b ready:bool at:datetime:optional
        day:date token_id:uuid text_long:text)" """,
    """sample_point --only=create,get,list,update seen_on:date:default=2026-01-31:filter:sort
        score:int:unique:filter:optional ratio:decimal.5.5:sort is_open:bool:optional:filter
        secret_code:uuid:unique remark:text:default=none""",
    """signal --shared level:int:sort:default=5 mode:enum.draft.live:flow.draft.live
        comment_text:str:server:optional stamp:datetime:server:optional
        rank:decimal.4.1:server:default=0:sort tags:list.str:server:optional""",
    """device name_tag:str.30:default=none is_broken:bool:server:default=false:filter
        checked_on:date:server:optional state:enum.ok.bad:server:default=ok:filter
        last_log:text:server:optional maker_id:uuid:server:optional
        owner_ref_id:ref.user:server:optional""",
)
